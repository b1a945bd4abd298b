// The API's TypeScript types, made from its description; a test compares them with the kept ones.
import openapiTS, { astToString } from "openapi-typescript";

export const DOCUMENT = new URL("../openapi.json", import.meta.url);
export const TYPES = new URL("../src/api/schema.d.ts", import.meta.url);

export async function typesOf(document = DOCUMENT) {
  return astToString(await openapiTS(document, { defaultNonNullable: false }));
}
