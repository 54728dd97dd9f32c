#!/usr/bin/env node
// `make slither`: analyses contracts/src, and fails unless contracts/slither-answers.json answers exactly what is found.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

const ANSWERS = "contracts/slither-answers.json";
const FOLDER = process.env.FOUNDRY_OUT ?? "target/slither/out";
const REPORT = `${FOLDER}/report.json`;

function run(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (!error && status === 0) return;
  process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  console.error(`error: ${program} failed${error ? `: ${error.message}` : ", see above"}`);
  process.exit(1);
}

/** `Contract.function` or `Contract.variable`; the outermost name alone for findings about a whole contract or file. */
function place(element) {
  const { type, name, type_specific_fields: fields } = element;
  const parent = fields?.parent;
  if (type === "node") return place(parent);
  if (type === "function") return parent ? `${place(parent)}.${fields.signature}` : fields.signature;
  if (parent) return `${place(parent)}.${name}`;
  return type === "pragma" ? element.source_mapping.filename_relative : name;
}

// slither reads all that lies there.
rmSync(FOLDER, { recursive: true, force: true });
run("forge", ["build", "--build-info", "--force", "contracts/src"]);
run("slither", [
  ".",
  "--ignore-compile",
  "--foundry-out-directory",
  FOLDER,
  "--config-file",
  "contracts/slither.config.json",
  "--fail-none",
  "--json",
  REPORT,
]);

const { success, error, results } = JSON.parse(readFileSync(REPORT, "utf8"));
if (!success) {
  console.error(`error: slither failed: ${error}`);
  process.exit(1);
}
const answers = JSON.parse(readFileSync(ANSWERS, "utf8"));
const findings = new Map();
for (const finding of results.detectors ?? []) {
  const key = `${finding.check} ${place(finding.elements[0])}`;
  findings.set(key, [...(findings.get(key) ?? []), finding]);
}

const open = [...findings.keys()].filter((key) => !answers[key]).sort();
for (const key of open) {
  for (const { impact, description } of findings.get(key)) console.log(`"${key}" (${impact})\n${description}`);
}
const stale = Object.keys(answers).filter((key) => !findings.has(key));
for (const key of stale) console.log(`"${key}": answered in ${ANSWERS}, but no longer found`);

console.log(`${findings.size} findings, ${open.length} without an answer, ${stale.length} answers to nothing`);
process.exitCode = open.length || stale.length ? 1 : 0;
