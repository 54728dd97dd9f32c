#!/usr/bin/env node
// `make coverage`: which lines and branches of contracts/src forge's tests do not reach, and whether that is too many.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";

/** Per cent of the lines, and of the branches, of all of contracts/src together. */
const REQUIRED = 95;
const SOURCES = "contracts/src/";
// They ask the generated contracts, which the figures leave out, and take minutes.
const SLOW = "contracts/test/{generatedVerifier,invariants}/*";
const FOLDER = "target/coverage";
const LCOV = `${FOLDER}/lcov.info`;

/** Uncovered and all lines and branches of each source: `{file, lines: {all, missed}, branches: {all, missed}}`. */
function parse(lcov) {
  const files = [];
  for (const record of lcov.split("end_of_record")) {
    const file = record.match(/^SF:(.*)$/m)?.[1];
    if (!file?.startsWith(SOURCES)) continue;
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(([, line, hits]) => ({ line, hit: hits !== "0" }));
    const branches = [...record.matchAll(/^BRDA:(\d+),\d+,(\d+),(-|\d+)$/gm)].map(([, line, path, hits]) => ({
      line,
      path,
      hit: hits !== "-" && hits !== "0",
    }));
    const tally = (items) => ({ all: items.length, missed: items.filter((item) => !item.hit) });
    files.push({ file, lines: tally(lines), branches: tally(branches) });
  }
  return files.sort((a, b) => (a.file < b.file ? -1 : 1));
}

function percent({ all, missed }) {
  return all === 0 ? 100 : (100 * (all - missed.length)) / all;
}

function row(name, lines, branches) {
  const cell = (tally) => `${percent(tally).toFixed(1)} % (${tally.all - tally.missed.length}/${tally.all})`.padStart(18);
  return `${name.padEnd(60)}${cell(lines)}${cell(branches)}`;
}

mkdirSync(FOLDER, { recursive: true });
const forge = spawnSync(
  "scripts/forge",
  ["coverage", "--no-match-path", SLOW, "--report", "lcov", "--report-file", LCOV],
  {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    // Unoptimised code costs other gas, and the build of everyone else stays as it is.
    env: {
      ...process.env,
      FORGE_SNAPSHOT_CHECK: "false",
      FOUNDRY_OUT: `${FOLDER}/out`,
      FOUNDRY_CACHE_PATH: `${FOLDER}/cache`,
    },
  },
);
if (forge.status !== 0) {
  process.stderr.write(forge.stdout + forge.stderr);
  console.error("error: forge coverage failed, see above");
  process.exit(1);
}

const files = parse(readFileSync(LCOV, "utf8"));
const total = (kind) => ({
  all: files.reduce((sum, file) => sum + file[kind].all, 0),
  missed: files.flatMap((file) => file[kind].missed),
});
console.log(`${"".padEnd(60)}${"lines".padStart(18)}${"branches".padStart(18)}`);
for (const { file, lines, branches } of files) console.log(row(file, lines, branches));
console.log(row("all", total("lines"), total("branches")));

for (const { file, lines, branches } of files) {
  for (const { line } of lines.missed) console.log(`${file}:${line}: line not reached`);
  for (const { line, path } of branches.missed) console.log(`${file}:${line}: branch ${path} not taken`);
}
for (const kind of ["lines", "branches"]) {
  if (total(kind).all === 0) {
    console.error(`error: forge reported no ${kind} of ${SOURCES}`);
    process.exitCode = 1;
  } else if (percent(total(kind)) < REQUIRED) {
    console.error(`error: ${kind} of ${SOURCES}: ${percent(total(kind)).toFixed(1)} %, required ${REQUIRED} %`);
    process.exitCode = 1;
  }
}
