import { SimpleGrid } from "@mantine/core";
import type { Version } from "../api/types";
import { Copyable } from "../ui/copyable";
import { Fact } from "../ui/fact";
import { bytes, count } from "../ui/format";
import { origin } from "./origin";

/** What was found in the two files. */
export function Facts({ version }: { version: Version }) {
  const { details: found, rank, size, digest, imported_from: from } = version;
  return (
    <SimpleGrid component="dl" cols={{ base: 2, sm: 3, lg: 4 }} spacing="md" m={0}>
      <Fact name="Rank">{rank}</Fact>
      <Fact name="Alpha">
        {found.alpha}
        {found.rslora ? ", rank-stabilised" : ""}
      </Fact>
      <Fact name="Parameters">{found.parameters === undefined ? "" : count(found.parameters)}</Fact>
      <Fact name="Size">{size === null ? "" : bytes(size)}</Fact>
      <Fact name="Layers">{found.layers}</Fact>
      <Fact name="Type">{found.dtypes?.join(", ")}</Fact>
      <Fact name="Trained on">{found.trained_on || "not said"}</Fact>
      <Fact name="Digest">
        {digest && <Copyable value={digest} short={12} label="Copy the digest" />}
      </Fact>
      <Fact name="Adapts">{found.targets?.join(", ")}</Fact>
      {from && <Fact name="Imported from">{origin(from)}</Fact>}
    </SimpleGrid>
  );
}
