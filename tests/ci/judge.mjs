// GitHub's language service on workflows: what it finds wrong with each, and exit code 1 if anything.
import { readFileSync } from "node:fs";
import { validate } from "@actions/languageservice";
import { TextDocument } from "vscode-languageserver-textdocument";

for (const file of process.argv.slice(2)) {
  const text = TextDocument.create(`file://${file}`, "yaml", 1, readFileSync(file, "utf8"));
  for (const { range, message } of await validate(text)) {
    console.log(`${file}:${range.start.line + 1}: ${message}`);
    process.exitCode = 1;
  }
}
