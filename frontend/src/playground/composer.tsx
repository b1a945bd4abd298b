import { Button, Group, Textarea } from "@mantine/core";
import { IconPlayerStop, IconSend2 } from "@tabler/icons-react";
import { useRef } from "react";
import classes from "./composer.module.css";

interface ComposerProps {
  value: string;
  onChange: (value: string) => void;
  onSend: () => void;
  onStop: () => void;
  busy: boolean;
  ready: boolean;
}

/**
 * Where a prompt is written. Enter sends it, with Shift it begins a line; Escape stops the answers.
 * It stays where it is while they grow above it.
 */
export function Composer({ value, onChange, onSend, onStop, busy, ready }: ComposerProps) {
  const can = ready && !busy && value.trim() !== "";
  const prompt = useRef<HTMLTextAreaElement>(null);
  // The button that was pressed makes way for the other: who goes by keyboard is not left nowhere.
  const then = (act: () => void) => {
    prompt.current?.focus({ preventScroll: true });
    act();
  };
  return (
    <form
      className={classes.composer}
      onSubmit={(event) => {
        event.preventDefault();
        if (can) then(onSend);
      }}
    >
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <Textarea
          ref={prompt}
          aria-label="Prompt"
          placeholder="Ask all of them the same"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              if (can) onSend();
            }
            if (event.key === "Escape" && busy) onStop();
          }}
          autosize
          minRows={1}
          maxRows={8}
          style={{ flex: 1 }}
        />
        {busy ? (
          // Two buttons, not one that changes under the pointer.
          <Button
            key="stop"
            color="red"
            variant="light"
            onClick={() => then(onStop)}
            leftSection={<IconPlayerStop size={16} />}
          >
            Stop
          </Button>
        ) : (
          <Button key="send" type="submit" disabled={!can} leftSection={<IconSend2 size={16} />}>
            Send
          </Button>
        )}
      </Group>
    </form>
  );
}
