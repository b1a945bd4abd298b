// Fails when the script that the first page needs, signed in, is larger than the budget, gzipped.
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { OUT } from "./out.mjs";

const BUDGET_KB = 250;
const FIRST = ["index.html", "src/shell/shell.tsx", "src/overview/overview.tsx"];

const manifest = JSON.parse(await readFile(join(OUT, ".vite/manifest.json"), "utf8"));
const needed = new Set();
const need = (name) => {
  if (needed.has(name)) return;
  if (!(name in manifest)) throw new Error(`the build has no ${name}`);
  needed.add(name);
  for (const each of manifest[name].imports ?? []) need(each); // what is lazy is not in here
};
FIRST.forEach(need);

let total = (await stat(join(OUT, "scheme.js.gz"))).size;
for (const name of needed) total += (await stat(join(OUT, `${manifest[name].file}.gz`))).size;
await rm(join(OUT, ".vite"), { recursive: true });
console.log(`first page: ${(total / 1000).toFixed(0)} kB of script, gzipped, of ${BUDGET_KB}`);
if (total > BUDGET_KB * 1000) process.exit(1);
