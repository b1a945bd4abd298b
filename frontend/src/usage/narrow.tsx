import { Select, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { adaptersQuery } from "../adapters/queries";
import { useMay } from "../api/session";
import { useServed } from "../chat/served";
import { keysQuery } from "../keys/queries";
import { membersQuery, servicesQuery } from "../team/queries";
import type { FiltersProps } from "./filters";

interface Choice {
  value: string;
  label: string;
}

/** Narrows the whole page down to some of the requests. What may not be listed cannot be chosen. */
export function Narrow({ search, onChange }: FiltersProps) {
  const mayKeys = useMay("keys");
  const mayTeam = useMay("team:read");
  const served = useServed();
  const keys = useQuery({ ...keysQuery, enabled: mayKeys });
  const people = useQuery({ ...membersQuery, enabled: mayTeam });
  const services = useQuery({ ...servicesQuery, enabled: mayTeam });
  const members = [
    ...(people.data?.data.map(({ email }) => email) ?? []),
    ...(services.data?.data.map(({ name }) => `service:${name}`) ?? []),
  ];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="xs">
      <Filter
        name="Model"
        all="Every model"
        choices={served.data?.map(({ id }) => same(id))}
        value={search.model}
        onChange={(model) => onChange({ model })}
      />
      <AdapterFilter search={search} onChange={onChange} />
      {mayKeys && (
        <Filter
          name="Key"
          all="Every key"
          choices={keys.data?.data.map(({ id, name }) => ({ value: String(id), label: name }))}
          value={search.key}
          onChange={(key) => onChange({ key })}
        />
      )}
      {mayTeam && (
        <Filter
          name="Member"
          all="Every member"
          choices={members.map(same)}
          value={search.member}
          onChange={(member) => onChange({ member })}
        />
      )}
    </SimpleGrid>
  );
}

/** An adapter with all its versions, or one of them. */
function AdapterFilter({ search, onChange }: FiltersProps) {
  const adapters = useQuery({ ...adaptersQuery, enabled: useMay("adapters:read") });
  return (
    <Filter
      name="Adapter"
      all="Every adapter"
      choices={adapters.data?.data.flatMap(({ model, versions }) => [
        same(model),
        ...versions.map((version) => same(version.model)),
      ])}
      value={search.version ?? search.adapter}
      onChange={(chosen) =>
        onChange(
          chosen?.includes("@")
            ? { adapter: undefined, version: chosen }
            : { adapter: chosen, version: undefined },
        )
      }
    />
  );
}

interface FilterProps {
  name: string;
  all: string;
  choices: Choice[] | undefined;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

function Filter({ name, all, choices = [], value, onChange }: FilterProps) {
  // The address may name what is deleted by now, or is not in the list's first page.
  const known = value === undefined || choices.some((choice) => choice.value === value);
  return (
    <Select
      aria-label={name}
      placeholder={all}
      data={known ? choices : [...choices, same(value)]}
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      clearable
      searchable
      size="xs"
      clearButtonProps={{ "aria-label": all }}
    />
  );
}

const same = (value: string): Choice => ({ value, label: value });
