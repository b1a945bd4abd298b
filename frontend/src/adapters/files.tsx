import { Group, Stack, Text } from "@mantine/core";
import { Dropzone } from "@mantine/dropzone";
import "@mantine/dropzone/styles.css";
import { IconCircleCheck, IconCircleDashed, IconUpload } from "@tabler/icons-react";
import { bytes } from "../ui/format";
import { CONFIG, MODEL } from "./sort";

interface FilesProps {
  config: File | undefined;
  model: File | undefined;
  disabled: boolean;
  onDrop: (files: File[]) => void;
}

/** The place to drop or choose the two files, showing which of them is there. */
export function Files({ config, model, disabled, onDrop }: FilesProps) {
  return (
    <Dropzone
      onDrop={onDrop}
      disabled={disabled}
      p="lg"
      aria-label={`Choose ${CONFIG} and ${MODEL}`}
      inputProps={{ "aria-label": "The adapter's files" }}
    >
      <Stack align="center" gap="xs" style={{ pointerEvents: "none" }}>
        <IconUpload size={28} stroke={1.5} aria-hidden />
        <Text fw={500}>Drop the two files of the adapter here, or choose them</Text>
        <Group gap="lg" justify="center">
          <Part name={CONFIG} file={config} />
          <Part name={MODEL} file={model} />
        </Group>
      </Stack>
    </Dropzone>
  );
}

function Part({ name, file }: { name: string; file: File | undefined }) {
  const Icon = file === undefined ? IconCircleDashed : IconCircleCheck;
  return (
    <Group gap={6} wrap="nowrap">
      <Icon size={16} aria-hidden color={file && "var(--mantine-color-teal-6)"} />
      <Text size="sm" c={file === undefined ? "dimmed" : undefined}>
        {name}
        {file !== undefined && `, ${bytes(file.size)}`}
      </Text>
    </Group>
  );
}
