import { NumberInput, Select, SimpleGrid } from "@mantine/core";
import { RESETS } from "./cap";

interface CapFieldsProps {
  limit: object;
  period: object;
  required?: boolean;
}

/** The two fields of a spend cap; `limit` and `period` are a form's input props. */
export function CapFields({ limit, period, required = false }: CapFieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <NumberInput
        label="Spend cap"
        placeholder="No cap"
        prefix="$"
        decimalScale={6}
        hideControls
        min={0}
        allowNegative={false}
        thousandSeparator=","
        required={required}
        withAsterisk={false}
        {...limit}
      />
      <Select
        label="Starts anew"
        data={Object.entries(RESETS).map(([value, label]) => ({ value, label }))}
        allowDeselect={false}
        {...period}
      />
    </SimpleGrid>
  );
}
