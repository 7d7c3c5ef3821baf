# Sends mail as Python's own client does, through the proxy that leads to the world.
import os
import smtplib
import socket
import ssl
import sys
from urllib.parse import urlsplit

PROXY = urlsplit(os.environ["HTTPS_PROXY"])


class Tunnelled(smtplib.SMTP_SSL):
    def _get_socket(self, host, port, timeout):
        raw = socket.create_connection((PROXY.hostname, PROXY.port), timeout=30)
        raw.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += raw.recv(1)
        assert b" 200 " in answer, answer
        return self.context.wrap_socket(raw, server_hostname=host)


def send(to, text):
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with Tunnelled("mail.example.org", 465, context=context) as server:
        server.login("rel", "any-word")
        server.sendmail("rel@example.org", [to], text)


GOOD = "From: rel@example.org\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nhello\r\n.dot\r\n"
send("ada@example.org", GOOD)
for to, text in [("ada@team.invalid", GOOD), ("ada@example.org", "\r\nno head\r\n")]:
    try:
        send(to, text)
        sys.exit(f"taken: {to}")
    except smtplib.SMTPDataError as error:
        print(error.smtp_code, error.smtp_error.decode())
