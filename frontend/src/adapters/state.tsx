import { Badge } from "@mantine/core";
import type { Version } from "../api/types";

const COLORS = {
  ready: "teal",
  rejected: "red",
  validating: "voice",
  uploading: "voice",
  deleted: "gray",
} as const;

export function State({ of }: { of: Version["state"] }) {
  return (
    <Badge variant="dot" color={COLORS[of]} size="md">
      {of === "validating" ? "checking" : of}
    </Badge>
  );
}
