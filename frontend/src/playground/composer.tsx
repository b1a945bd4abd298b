import { Button, Group, Textarea } from "@mantine/core";
import { IconPlayerStop, IconSend2 } from "@tabler/icons-react";

interface ComposerProps {
  value: string;
  onChange: (value: string) => void;
  onSend: () => void;
  onStop: () => void;
  busy: boolean;
  ready: boolean;
}

/** Where a prompt is written. Enter sends it, with Shift it begins a line. */
export function Composer({ value, onChange, onSend, onStop, busy, ready }: ComposerProps) {
  const can = ready && !busy && value.trim() !== "";
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (can) onSend();
      }}
    >
      <Group align="flex-end" gap="xs" wrap="nowrap">
        <Textarea
          aria-label="Prompt"
          placeholder="Ask all of them the same"
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              if (can) onSend();
            }
          }}
          autosize
          minRows={1}
          maxRows={8}
          style={{ flex: 1 }}
        />
        {busy ? (
          <Button
            color="red"
            variant="light"
            onClick={onStop}
            leftSection={<IconPlayerStop size={16} />}
          >
            Stop
          </Button>
        ) : (
          <Button type="submit" disabled={!can} leftSection={<IconSend2 size={16} />}>
            Send
          </Button>
        )}
      </Group>
    </form>
  );
}
