#!/usr/bin/env node
// `make mutants`: breaks the contracts one change at a time and asks whether their tests notice; see docs/analysis.md.
// Usage: mutants.mjs [SOURCE...] [--functions NAME,NAME...] [--sample N] [--seed S] [--workers N] [--list]
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { mutantsOf } from "./mutate.mjs";

/** Which tests or folders of tests judge a source; any other `Name.sol` is judged by all `Name*.t.sol` below contracts/test. */
const TESTS = {
  // The challenge's own digest is what the fixtures of the second compute anew.
  "contracts/src/libraries/WeightLink.sol": ["contracts/test/WeightLink.t.sol", "contracts/test/InferenceVerifier.t.sol"],
  "contracts/src/libraries/Bn254.sol": ["contracts/test/Bn254.t.sol", "contracts/test/WeightLink.t.sol"],
  "contracts/src/ModelRegistry.sol": ["contracts/test/registry"],
  "contracts/src/PredictionEscrow.sol": ["contracts/test/prediction", "contracts/test/deliveries"],
  "contracts/src/AccuracyEscrow.sol": ["contracts/test/accuracy"],
  "contracts/src/RetrievalEscrow.sol": ["contracts/test/retrieval"],
  "contracts/src/base/Deliveries.sol": ["contracts/test/deliveries", "contracts/test/prediction/Callbacks.t.sol", "contracts/test/prediction/Events.t.sol"],
  "contracts/src/base/Market.sol": ["contracts/test/prediction", "contracts/test/accuracy"],
  "contracts/src/base/Credits.sol": ["contracts/test/credits"],
  "contracts/src/base/Signatures.sol": ["contracts/test/credits"],
  "contracts/src/libraries/Settlement.sol": ["contracts/test/settlement"],
  "contracts/src/InferenceVerifier.sol": ["contracts/test/InferenceVerifier.t.sol"],
};
const SOURCES = "contracts/src";
const ANSWERS = "contracts/mutants-answers.json";
const FOLDER = "target/mutants";

/** Compiling without the optimizer is quicker, and tests judge behaviour; the seed makes a verdict repeatable. */
const ENV = {
  ...process.env,
  FOUNDRY_SOLC: "./solc",
  FOUNDRY_OPTIMIZER: "false",
  FOUNDRY_FUZZ_SEED: "0x1",
  FORGE_SNAPSHOT_CHECK: "false",
  // Mutants may loop forever: end them by gas.
  FOUNDRY_GAS_LIMIT: "4000000000",
  FOUNDRY_CODE_SIZE_LIMIT: "1000000",
  NO_COLOR: "1",
};
delete ENV.FOUNDRY_OUT;
delete ENV.FOUNDRY_CACHE_PATH;
/** Tried first: most mutants fall in the first few runs of fuzz tests. */
const QUICK = { ...ENV, FOUNDRY_FUZZ_RUNS: "16" };

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

/** The files below a folder, by path. */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .map((path) => join(folder, path))
    .sort();
}

function testsOf(file) {
  const name = basename(file, ".sol");
  const isTest = (path) => path.endsWith(".t.sol") && !path.includes("/symbolic/");
  const own = (path) => isTest(path) && basename(path).startsWith(name);
  const within = (path) => (path.endsWith(".sol") ? [path] : filesBelow(path).filter(isTest));
  const tests = TESTS[file]?.flatMap(within) ?? filesBelow("contracts/test").filter(own);
  if (tests.length === 0) fail(`no test for ${file}: name one contracts/test/${name}*.t.sol, or add it to TESTS`);
  return tests;
}

/** `files` and all that they import from the project, or deploy by the name of its file. */
function closure(files) {
  const found = new Set();
  const add = (file) => {
    if (found.has(file)) return;
    found.add(file);
    const source = readFileSync(file, "utf8");
    for (const [, path] of source.matchAll(/^\s*(?:import|\} from)\b[^;]*?"(\.[^"]*)"/gm)) add(join(dirname(file), path));
    for (const [, name] of source.matchAll(/_create\("(\w+\.sol)"/g)) add(join(SOURCES, name));
  };
  files.forEach(add);
  return [...found];
}

/** `count` mutants, the same for the same seed whatever the order. */
function sampled(mutants, count, seed) {
  const rank = ({ key }) => createHash("sha256").update(`${seed} ${key}`).digest("hex");
  return mutants
    .map((mutant) => [rank(mutant), mutant])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, mutant]) => mutant);
}

/** A copy of a source and its tests, for one mutant after the other, with a compile cache of its own. */
class Bench {
  constructor(number, file) {
    this.file = file;
    this.root = resolve(FOLDER, `${number}-${basename(file, ".sol")}`);
    rmSync(this.root, { recursive: true, force: true });
    // Nothing that these tests do not need: forge would compile it.
    for (const path of ["foundry.toml", ...closure([file, ...testsOf(file)])]) cpSync(path, join(this.root, path));
    cpSync("contracts/test/fixtures", join(this.root, "contracts/test/fixtures"), { recursive: true });
    for (const path of ["node_modules", "scripts"]) symlinkSync(resolve(path), join(this.root, path));
    // forge asks the compiler's version in each run, and solc-js takes half a second to start.
    const version = execFileSync("scripts/solc", ["--version"], { encoding: "utf8" });
    const solc = `#!/bin/sh\nif [ "$1" = --version ]; then cat <<'END'\n${version}END\nelse exec scripts/solc "$@"; fi\n`;
    writeFileSync(join(this.root, "solc"), solc, { mode: 0o755 });
  }

  /** What the tests say to `source` in the file's place: `{outcome, detail, seconds}`. */
  async judge(source, limit, env = ENV) {
    writeFileSync(join(this.root, this.file), source);
    const began = Date.now();
    const { status, timedOut, output } = await this.#forge(["test", "--fail-fast", "--threads", "1"], limit, env);
    const seconds = (Date.now() - began) / 1000;

    const failing = output.match(/^\[FAIL.*?\] (\w+)\(/m);
    if (timedOut) return { outcome: "timeout", seconds };
    if (/Compiler run failed|Compilation failed/.test(output)) return { outcome: "does not compile", seconds, detail: output };
    if (status !== 0 && failing) return { outcome: "killed", seconds, detail: failing[1] };
    if (status === 0 && /\b[1-9]\d* tests? passed, 0 failed/.test(output)) return { outcome: "survived", seconds };
    throw new Error(`forge did not judge ${this.file}:\n${output}`);
  }

  /** Ends the whole process group, because forge starts compilers, when `limit` seconds have passed. */
  #forge(args, limit, env) {
    return new Promise((done, broken) => {
      const forge = spawn("scripts/forge", args, { cwd: this.root, env, detached: true });
      let [output, timedOut] = ["", false];
      const kill = () => {
        timedOut = true;
        process.kill(-forge.pid, "SIGKILL");
      };
      const timer = setTimeout(kill, 1000 * limit);
      forge.stdout.on("data", (data) => (output += data));
      forge.stderr.on("data", (data) => (output += data));
      forge.on("error", broken);
      forge.on("close", (status) => {
        clearTimeout(timer);
        done({ status, timedOut, output });
      });
    });
  }
}

/** Unchanged sources must pass, or a verdict says nothing; what that takes tells how long to wait for a mutant. */
async function limitOf(benches, file) {
  const source = readFileSync(file, "utf8");
  const verdicts = await Promise.all(benches.map((bench) => bench.judge(source, 600)));
  for (const { outcome, detail } of verdicts) {
    if (outcome !== "survived") fail(`the tests of the unchanged ${file} do not pass: ${outcome}\n${detail ?? ""}`);
  }
  const seconds = Math.max(...verdicts.map((verdict) => verdict.seconds));
  console.error(`${file}: unchanged, ${testsOf(file).join(" and ")} passed in ${seconds.toFixed(1)} s`);
  return 30 + 3 * seconds;
}

async function judgeAll(mutants, workers) {
  const results = [];
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const benches = Array.from({ length: workers }, (_, number) => new Bench(number, file));
    const limit = await limitOf(benches, file);
    const queue = mutants.filter((mutant) => mutant.file === file);
    const work = async (bench) => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
        const { source, ...place } = mutant;
        let verdict = await bench.judge(source, limit, QUICK);
        if (verdict.outcome === "survived") verdict = await bench.judge(source, limit);
        const { outcome, detail, seconds } = verdict;
        results.push({ ...place, outcome, killer: outcome === "killed" ? detail : undefined, seconds });
        console.error(
          `[${results.length}/${mutants.length}] ${outcome}: ${file}:${mutant.line} ${mutant.kind} (${seconds.toFixed(1)} s)`,
        );
        // A long run that is cut short has told this much.
        if (outcome === "survived") console.error(`- ${mutant.before}\n+ ${mutant.after}`);
      }
    };
    await Promise.all(benches.map(work));
    for (const { root } of benches) rmSync(root, { recursive: true });
  }
  return results.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    functions: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    list: { type: "boolean" },
  },
});
const files = positionals.length ? positionals : filesBelow(SOURCES).filter((path) => path.endsWith(".sol"));
const generated = files.flatMap((file) => mutantsOf(file, readFileSync(file, "utf8")));
const functions = values.functions?.split(",");
for (const name of functions ?? []) {
  if (!generated.some((mutant) => mutant.function.endsWith(`.${name}`))) fail(`nothing to change in a function ${name}`);
}
const asked = generated.filter((mutant) => !functions || functions.some((name) => mutant.function.endsWith(`.${name}`)));
const [count, workers] = [values.sample ?? asked.length, values.workers].map(Number);
if (!Number.isInteger(count) || count < 1) fail("--sample takes a positive number");
if (!Number.isInteger(workers) || workers < 1) fail("--workers takes a positive number");
const mutants = count < asked.length ? sampled(asked, count, values.seed) : asked;
if (values.list) {
  for (const { file, line, kind, before, after } of mutants) console.log(`${file}:${line}: ${kind}\n- ${before}\n+ ${after}`);
  process.exit(0);
}

const results = await judgeAll(mutants, workers);
const answers = JSON.parse(readFileSync(ANSWERS, "utf8"));
const survivors = results.filter(({ outcome }) => outcome === "survived");
const open = survivors.filter(({ key }) => !answers[key]);
for (const { key, file, line, kind, before, after } of open) {
  console.log(`${file}:${line}: survived (${kind})\n- ${before}\n+ ${after}\nkey: ${JSON.stringify(key)}\n`);
}
for (const { file, line, before, after } of results.filter(({ outcome }) => outcome === "timeout")) {
  console.log(`${file}:${line}: timeout\n- ${before}\n+ ${after}\n`);
}
// An answer is stale when its mutant is gone, or was tried and did not survive.
const outcomes = new Map(results.map(({ key, outcome }) => [key, outcome]));
const stale = Object.keys(answers).filter((key) => {
  if (!files.includes(key.split(" ")[0])) return false;
  return !generated.some((mutant) => mutant.key === key) || (outcomes.has(key) && outcomes.get(key) !== "survived");
});
for (const key of stale) console.log(`${JSON.stringify(key)}: answered in ${ANSWERS}, but no survivor`);

const total = (outcome) => results.filter((result) => result.outcome === outcome).length;
const kinds = ["killed", "survived", "timeout", "does not compile"].map((outcome) => `${total(outcome)} ${outcome}`);
writeFileSync(`${FOLDER}/report.json`, `${JSON.stringify({ seed: values.seed, generated: generated.length, results }, null, 2)}\n`);
console.log(`${results.length} of ${generated.length} mutants: ${kinds.join(", ")}`);
console.log(`${open.length} survivors without an answer, ${stale.length} stale answers; ${FOLDER}/report.json has all`);
process.exitCode = open.length || stale.length ? 1 : 0;
