// Fails when the script that the first page loads is larger than the budget, gzipped.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OUT } from "./out.mjs";

const BUDGET = 250_000;
const html = await readFile(join(OUT, "index.html"), "utf8");
const files = [...html.matchAll(/(?:src|href)="\/static\/dashboard\/([^"]+\.js)"/g)].map((m) => m[1]);
if (files.length === 0) throw new Error("index.html loads no script");
const sizes = await Promise.all(files.map(async (file) => (await stat(join(OUT, `${file}.gz`))).size));
const total = sizes.reduce((sum, size) => sum + size, 0);
console.log(`first page: ${(total / 1000).toFixed(1)} kB of script, gzipped; budget ${BUDGET / 1000} kB`);
if (total > BUDGET) process.exit(1);
