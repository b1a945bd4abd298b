import { Textarea } from "@mantine/core";
import { notifications } from "@mantine/notifications";

let shown: string | null = null;

/**
 * Puts a text on the clipboard. Browsers lend none to a page that came by plain http from another
 * host: then the text is shown, selected, to be copied by hand, and the answer is false.
 */
export async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (shown !== null) notifications.hide(shown);
    shown = notifications.show({
      title: "Copy it by hand",
      message: <Selected text={text} />,
      color: "yellow",
      autoClose: false,
      closeButtonProps: { "aria-label": "Close" },
    });
    return false;
  }
}

function Selected({ text }: { text: string }) {
  return (
    <Textarea
      ref={select}
      readOnly
      autosize
      maxRows={6}
      mt={4}
      labelProps={{ c: "var(--mantine-color-text)" }}
      label="The browser lends this page no clipboard; the text is selected"
      value={text}
    />
  );
}

function select(field: HTMLTextAreaElement | null): void {
  field?.focus();
  field?.select();
}
