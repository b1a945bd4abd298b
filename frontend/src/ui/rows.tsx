import { Skeleton, Table } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "./failure";

export interface Column<Row> {
  name: string;
  show: (row: Row) => ReactNode;
  number?: boolean;
  hidden?: boolean; // the heading is for screen readers alone
}

interface RowsProps<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[] | undefined;
  id: (row: Row) => string | number;
  error?: unknown;
  retry?: () => void;
  empty: ReactNode;
}

/** A table with its three other states: not known yet, failed, empty. */
export function Rows<Row>({ label, columns, rows, id, error, retry, empty }: RowsProps<Row>) {
  if (error && rows === undefined) {
    return (
      <div style={{ padding: "1rem" }}>
        <Failure error={error} retry={retry} />
      </div>
    );
  }
  if (rows?.length === 0) return empty;
  return (
    <div className="scroll-x" role="group" aria-label={label} tabIndex={0}>
      <Table verticalSpacing="xs" horizontalSpacing="md" aria-busy={rows === undefined}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th
                key={column.name}
                className={column.number ? "number" : undefined}
                scope="col"
              >
                {column.hidden ? (
                  <span className="visually-hidden">{column.name}</span>
                ) : (
                  column.name
                )}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows === undefined
            ? [1, 2, 3].map((row) => <Waiting key={row} columns={columns} />)
            : rows.map((row) => (
                <Table.Tr key={id(row)}>
                  {columns.map((column) => (
                    <Table.Td key={column.name} className={column.number ? "number" : undefined}>
                      {column.show(row)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Waiting<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <Table.Tr>
      {columns.map((column) => (
        <Table.Td key={column.name}>
          <Skeleton height={14} width={column.number ? 56 : 110} ml={column.number ? "auto" : 0} />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
