// Puts a .gz and a .br beside each built file; WhiteNoise sends the one that the browser takes.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import { OUT } from "./out.mjs";

for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|svg|json)$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const data = await readFile(path);
  await writeFile(`${path}.gz`, await promisify(gzip)(data, { level: 9 }));
  await writeFile(`${path}.br`, await promisify(brotliCompress)(data));
}
