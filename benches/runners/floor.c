/* Two measures that need the system's own words.
 *
 *   floor run COUNT ROOM   starts /bin/true COUNT times, ROOM at once, as rel starts a command: by
 *                          posix_spawn, in a group of its own, its output read from a pipe.
 *   floor meter COMMAND …  runs a command; prints its processor time, with all that it waited for, in
 *                          microseconds, and the most memory that one of them held, in KiB.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MOST = 64 };

struct slot {
    int output;
    pid_t pid;
};

static int start(struct slot *slot) {
    char *words[] = {"/bin/true", NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 1;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    posix_spawn_file_actions_adddup2(&files, ends[1], 2);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
    int failed = posix_spawn(&slot->pid, words[0], &files, &how, words, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    close(ends[1]);
    slot->output = ends[0];
    return failed;
}

static int hear(struct slot *slot) {
    static char buffer[65536];
    while (read(slot->output, buffer, sizeof buffer) > 0) {
    }
    close(slot->output);
    slot->output = -1;
    int status;
    return waitpid(slot->pid, &status, 0) < 0 || status != 0;
}

static int run(int count, int room) {
    struct slot slots[MOST];
    if (room > MOST) return 2;
    for (int at = 0; at < room; at++) slots[at].output = -1;
    for (int begun = 0, running = 0; begun < count || running > 0;) {
        struct pollfd told[MOST];
        int of[MOST], heard = 0;
        for (int at = 0; at < room; at++) {
            if (slots[at].output < 0 && begun < count) {
                if (start(&slots[at])) return 1;
                begun++, running++;
            }
            if (slots[at].output >= 0) {
                told[heard] = (struct pollfd){.fd = slots[at].output, .events = POLLIN};
                of[heard++] = at;
            }
        }
        if (poll(told, heard, -1) < 0) return 1;
        for (int at = 0; at < heard; at++) {
            if (told[at].revents) {
                if (hear(&slots[of[at]])) return 1;
                running--;
            }
        }
    }
    return 0;
}

static int meter(char **words) {
    pid_t pid = vfork();
    if (pid == 0) {
        execvp(words[0], words);
        _exit(127);
    }
    int status;
    struct rusage used;
    if (pid < 0 || wait4(pid, &status, 0, &used) < 0) return 1;
    long long time = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec +
                     used.ru_stime.tv_usec;
    fprintf(stderr, "\n%lld %ld\n", time, used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int count, char **words) {
    if (count == 4 && !strcmp(words[1], "run")) return run(atoi(words[2]), atoi(words[3]));
    if (count > 2 && !strcmp(words[1], "meter")) return meter(words + 2);
    return 2;
}
