import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { running, speed, type Turn } from "../chat/turn";
import { count, duration, exactUsd, usd } from "../ui/format";
import { TextLink } from "../ui/links";
import { receiptQuery } from "../usage/queries";
import classes from "./measures.module.css";

/** Under an answer: how quick it was, how long, and what it cost by its receipt. */
export function Measures({ turn }: { turn: Turn }) {
  const over = !running(turn);
  const charged = over && turn.requestId !== null && turn.text !== "";
  const receipt = useQuery({ ...receiptQuery(turn.requestId ?? ""), enabled: charged }).data;
  if (!over || turn.endedAt === null) return null;
  const rate = speed(turn);
  const tokens = turn.tokens ?? receipt;
  const ended =
    turn.state === "stopped" ? "stopped" : turn.reason === "length" ? "at the limit" : null;
  return (
    <dl className={classes.measures} aria-label="Measures">
      {rate !== null && <Measure name="Speed">{rate.toFixed(1)} tok/s</Measure>}
      {turn.firstAt !== null && (
        <Measure name="First token">{duration(turn.firstAt - turn.startedAt)}</Measure>
      )}
      <Measure name="In all">{duration(turn.endedAt - turn.startedAt)}</Measure>
      {tokens && (
        <Measure name="Tokens">
          {count(tokens.prompt_tokens)} in, {count(tokens.completion_tokens)} out
        </Measure>
      )}
      {receipt && (
        <Measure name="Cost">
          <span title={exactUsd(receipt.cost)}>{usd(receipt.cost)}</span>
        </Measure>
      )}
      {ended && <Measure name="Ended">{ended}</Measure>}
      {receipt && (
        <Measure name="Proof">
          <TextLink to="/requests/$id" params={{ id: receipt.request_id }} inherit>
            receipt
          </TextLink>
        </Measure>
      )}
    </dl>
  );
}

function Measure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className={classes.name}>{name}</dt>
      <dd className={classes.value}>{children}</dd>
    </div>
  );
}
