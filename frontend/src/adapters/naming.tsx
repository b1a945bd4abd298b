import { Select, SimpleGrid, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { catalogQuery } from "../models/queries";

/** Set: what is sent becomes the next version of this adapter. */
export interface Fixed {
  name: string;
  base: string;
}

/** Of which adapter the files become a version; `base` is null until the bases are known. */
export function useNaming(fixed: Fixed | undefined) {
  const [name, setName] = useState(fixed?.name ?? "");
  const [base, setBase] = useState<string | null>(fixed?.base ?? null);
  const catalog = useQuery({ ...catalogQuery, enabled: fixed === undefined });
  const bases = catalog.data?.data.map(({ id }) => id) ?? [];
  return { fixed, name, setName, base: base ?? bases[0] ?? null, setBase, bases };
}

export type Named = ReturnType<typeof useNaming>;

/** The fields for that, where it is not fixed; inside a form. */
export function Naming({ of }: { of: Named }) {
  if (of.fixed !== undefined) return null;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <TextInput
        label="Name"
        description="Lower-case letters, digits, dots, hyphens"
        value={of.name}
        onChange={(event) => of.setName(event.currentTarget.value)}
        pattern="[a-z0-9]([a-z0-9._\-]*[a-z0-9])?"
        required
        withAsterisk={false}
      />
      <Select
        label="Base model"
        description="The one that it was trained on"
        data={of.bases}
        value={of.base}
        onChange={of.setBase}
        allowDeselect={false}
      />
    </SimpleGrid>
  );
}
