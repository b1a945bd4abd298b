import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { running, speed, type Turn } from "../chat/turn";
import { count, duration, exactUsd, usd } from "../ui/format";
import { receiptQuery } from "../usage/queries";
import classes from "./measures.module.css";
import { TextLink } from "../ui/links";

/** Under an answer: how quick it was, how long, and what it cost by its receipt. */
export function Measures({ turn }: { turn: Turn }) {
  const over = !running(turn);
  const charged = over && turn.requestId !== null && turn.text !== "";
  const receipt = useQuery({ ...receiptQuery(turn.requestId ?? ""), enabled: charged });
  if (!over || turn.endedAt === null) return null;
  const rate = speed(turn);
  const tokens = turn.tokens ?? receipt.data;
  return (
    <div className={classes.measures}>
      {rate !== null && <Measure name="speed" value={`${rate.toFixed(1)} tok/s`} />}
      {turn.firstAt !== null && (
        <Measure name="first token" value={duration(turn.firstAt - turn.startedAt)} />
      )}
      <Measure name="in all" value={duration(turn.endedAt - turn.startedAt)} />
      {tokens && (
        <Measure
          name="tokens"
          value={`${count(tokens.prompt_tokens)} in, ${count(tokens.completion_tokens)} out`}
        />
      )}
      {receipt.data && (
        <Measure name="cost" value={usd(receipt.data.cost)} title={exactUsd(receipt.data.cost)} />
      )}
      {turn.state === "stopped" && <Text span>stopped</Text>}
      {turn.reason === "length" && <Text span>cut at the limit</Text>}
      {receipt.data && (
        <TextLink to="/requests/$id" params={{ id: receipt.data.request_id }} inherit>
          receipt
        </TextLink>
      )}
    </div>
  );
}

function Measure({ name, value, title }: { name: string; value: string; title?: string }) {
  return (
    <span title={title ?? name}>
      <span className="visually-hidden">{name}: </span>
      {value}
    </span>
  );
}
