import { Skeleton, Table } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "./failure";
import classes from "./rows.module.css";
import { useKeptFocus } from "./useKeptFocus";

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
export function Rows<Row>({ error, retry, ...table }: RowsProps<Row>) {
  if (!error) return <Known {...table} />;
  return (
    <>
      <div style={{ padding: "1rem" }}>
        <Failure error={error} retry={retry} />
      </div>
      {table.rows !== undefined && <Known {...table} /> /* as it was before the failure */}
    </>
  );
}

type KnownProps<Row> = Omit<RowsProps<Row>, "error" | "retry">;

function Known<Row>({ label, columns, rows, id, empty }: KnownProps<Row>) {
  const kept = useKeptFocus(rows);
  if (rows?.length === 0) return empty;
  // The roles are said, because a phone's layout takes them from a table's own elements.
  return (
    <div className="scroll-x" role="group" aria-label={label} tabIndex={0} {...kept}>
      <Table
        role="table"
        verticalSpacing="xs"
        horizontalSpacing="sm"
        aria-busy={rows === undefined}
        className={classes.table}
      >
        <Table.Thead role="rowgroup" className={classes.head}>
          <Table.Tr role="row">
            {columns.map((column) => (
              <Heading key={column.name} of={column} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup" className={classes.body}>
          {rows === undefined
            ? [1, 2, 3].map((row) => <Waiting key={row} columns={columns} />)
            : rows.map((row) => <Line key={id(row)} columns={columns} row={row} />)}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Heading<Row>({ of: column }: { of: Column<Row> }) {
  return (
    <Table.Th role="columnheader" scope="col" className={column.number ? "number" : undefined}>
      {column.hidden ? <span className="visually-hidden">{column.name}</span> : column.name}
    </Table.Th>
  );
}

function Line<Row>({ columns, row }: { columns: Column<Row>[]; row: Row }) {
  return (
    <Table.Tr role="row" className={classes.row}>
      {columns.map((column) => (
        <Table.Td
          key={column.name}
          role="cell"
          className={`${classes.cell} ${column.number ? "number" : ""}`}
          data-name={column.hidden ? undefined : column.name}
        >
          {column.show(row)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function Waiting<Row>({ columns }: { columns: Column<Row>[] }) {
  return (
    <Table.Tr role="row" className={classes.row}>
      {columns.map((column) => (
        <Table.Td key={column.name} role="cell" className={classes.cell}>
          <Skeleton height={14} width={column.number ? 56 : 110} ml={column.number ? "auto" : 0} />
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
