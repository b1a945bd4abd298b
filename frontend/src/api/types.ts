import type { components } from "./schema";

type Schemas = components["schemas"];
export type Adapter = Schemas["AdapterOut"];
export type Version = Schemas["VersionOut"];
export type Key = Schemas["KeyOut"];
export type NewKey = Schemas["NewKeyOut"];
export type UsageRow = Schemas["UsageRowOut"];
export type RequestRow = Schemas["RequestOut"];
export type Receipt = Schemas["ReceiptOut"];
export type Figures = Schemas["FiguresOut"];
export type Bucket = Schemas["BucketOut"];
export type Member = Schemas["MemberOut"];
export type Role = Member["role"];
export type Session = Schemas["SessionOut"];
export type AccountOfMine = Schemas["AccountOfMineOut"];
