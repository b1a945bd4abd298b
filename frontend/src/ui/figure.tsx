import { Skeleton, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./figure.module.css";

interface FigureProps {
  label: string;
  value: ReactNode | undefined;
  note?: ReactNode;
  title?: string;
}

/** One number with its name. While it is not known there is a bar, never a zero. */
export function Figure({ label, value, note, title }: FigureProps) {
  return (
    <div className={classes.figure}>
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <dd className={classes.value} title={title}>
        {value === undefined ? <Skeleton height={24} width={88} my={4} /> : value}
      </dd>
      {note !== undefined && (
        <Text component="dd" size="xs" c="dimmed" m={0}>
          {note}
        </Text>
      )}
    </div>
  );
}

export function Figures({ children }: { children: ReactNode }) {
  return <dl className={classes.figures}>{children}</dl>;
}
