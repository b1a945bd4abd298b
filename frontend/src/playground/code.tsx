import { Modal, Select, Stack } from "@mantine/core";
import { useState } from "react";
import { CallCode } from "../chat/code";
import { samplingOf, type Settings } from "./settings";

interface CodeProps {
  settings: Settings;
  prompt: string;
  onClose: () => void;
}

/** What the playground would ask one of its models, as a program. */
export function Code({ settings, prompt, onClose }: CodeProps) {
  const { models, system } = settings;
  const [model, setModel] = useState(models[0] ?? "MODEL");
  return (
    <Modal
      opened
      onClose={onClose}
      title="The same call as code"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack>
        {models.length > 1 && (
          <Select
            label="Model"
            data={models}
            value={model}
            onChange={(chosen) => setModel(chosen ?? model)}
            allowDeselect={false}
            maw={320}
          />
        )}
        <CallCode
          call={{
            base: `${location.origin}/v1`,
            key: null,
            model,
            prompt: prompt || "Hello",
            system,
            sampling: samplingOf(settings),
          }}
        />
      </Stack>
    </Modal>
  );
}
