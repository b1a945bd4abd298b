import { Button, SimpleGrid, Skeleton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCode, IconEraser, IconMessages, IconShare } from "@tabler/icons-react";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useServed } from "../chat/served";
import { Empty } from "../ui/empty";
import { Failure } from "../ui/failure";
import { Page } from "../ui/page";
import { Panel } from "../ui/panel";
import { Code } from "./code";
import { Composer } from "./composer";
import { Controls } from "./controls";
import { useFollow } from "./useFollow";
import { useSettings } from "./useSettings";
import { useShare } from "./useShare";
import { useVoices } from "./useVoices";
import { Voice } from "./voice";

export default function Playground() {
  const search = useSearch({ from: "/inside/playground" });
  const served = useServed();
  const [settings, change] = useSettings(served.data?.[0]?.id);
  const share = useShare();
  const { voices, busy, send, stop, clear } = useVoices();
  const [prompt, setPrompt] = useState(search.prompt ?? "");
  const [codeOpened, code] = useDisclosure();
  useFollow(Object.keys(voices).length > 0 ? voices : null);

  return (
    <Page
      title="Playground"
      about="Hear one prompt from a base and its adapters side by side, out of one batch."
      actions={
        <>
          <Button variant="default" leftSection={<IconEraser size={16} />} onClick={clear}>
            Clear
          </Button>
          <Button
            variant="default"
            leftSection={<IconShare size={16} />}
            onClick={() => void share(settings, prompt)}
          >
            Share
          </Button>
          <Button variant="default" leftSection={<IconCode size={16} />} onClick={code.open}>
            View code
          </Button>
        </>
      }
    >
      {served.error && <Failure error={served.error} retry={() => void served.refetch()} />}
      <Panel>
        {served.data ? (
          <Controls settings={settings} served={served.data} onChange={change} />
        ) : (
          <Skeleton height={120} />
        )}
      </Panel>
      {settings.models.length === 0 && served.data ? (
        <Panel>
          <Empty icon={IconMessages} title="No voice yet">
            Choose a model above. With two or more, they answer side by side.
          </Empty>
        </Panel>
      ) : (
        <SimpleGrid
          cols={{
            base: 1,
            sm: Math.min(2, settings.models.length),
            lg: Math.min(3, settings.models.length),
          }}
          spacing="md"
        >
          {settings.models.map((model) => (
            <Voice
              key={model}
              model={model}
              base={baseOf(model, served.data)}
              turns={voices[model] ?? []}
            />
          ))}
        </SimpleGrid>
      )}
      <Composer
        value={prompt}
        onChange={setPrompt}
        busy={busy}
        ready={settings.models.length > 0}
        onStop={stop}
        onSend={() => {
          setPrompt("");
          void send(settings, prompt.trim());
        }}
      />
      {codeOpened && <Code settings={settings} prompt={prompt} onClose={code.close} />}
    </Page>
  );
}

/** The base under an adapter; null for a base. */
function baseOf(
  model: string,
  served: { id: string; parent: string | null }[] = [],
): string | null {
  const bare = model.replace(/[@:].*$/, "");
  return served.find((each) => each.id === bare)?.parent ?? null;
}
