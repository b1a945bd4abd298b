// Writes src/api/schema.d.ts from openapi.json, which `make dashboard-api` takes from the platform.
import { writeFile } from "node:fs/promises";
import { TYPES, typesOf } from "./types.mjs";

await writeFile(TYPES, await typesOf());
