import { Tabs } from "@mantine/core";
import { Snippet } from "../ui/snippet";
import { LANGUAGES, snippet, type Call } from "./snippets";

/** A call as program text, in a tab for each language. */
export function CallCode({ call }: { call: Call }) {
  return (
    <Tabs defaultValue={LANGUAGES[0]} keepMounted={false}>
      <Tabs.List mb="sm">
        {LANGUAGES.map((language) => (
          <Tabs.Tab key={language} value={language}>
            {language}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {LANGUAGES.map((language) => (
        <Tabs.Panel key={language} value={language}>
          <Snippet code={snippet(language, call)} label={`The call in ${language}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
