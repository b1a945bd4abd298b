import { Alert, Group, Loader, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Facts } from "./facts";
import { Fetching } from "./fetching";
import { adapterQuery } from "./queries";
import { Refusal } from "./refusal";
import { Failure } from "../ui/failure";
import { TextLink } from "../ui/links";

interface WatchProps {
  name: string;
  number: number;
  /** Called when an import was ended here. */
  onStopped?: () => void;
}

/** Follows one version until the gate has decided, then shows what was found or why not. */
export function Watch({ name, number, onStopped }: WatchProps) {
  const query = useQuery(adapterQuery(name));
  const adapter = query.data;
  const version = adapter?.versions.find((each) => each.version === number);
  if (version?.state === "uploading" && version.imported_from) {
    const stopped = () => onStopped?.();
    return (
      <Fetching name={name} number={number} from={version.imported_from} onStopped={stopped} />
    );
  }
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (adapter === undefined || version === undefined || version.state === "validating") {
    return (
      <Group gap="xs" role="status">
        <Loader size="xs" />
        <Text size="sm">Checking names, shapes and values against the base</Text>
      </Group>
    );
  }
  if (version.state === "rejected") return <Refusal version={version} />;
  return (
    <Alert
      color="teal"
      variant="light"
      role="status"
      icon={<IconCircleCheck size={18} aria-hidden />}
      title={`${version.model} is ready`}
    >
      <Stack gap="sm">
        <Facts version={version} />
        <Text size="sm">
          <TextLink
            to="/playground"
            search={{ models: `${adapter.base_model},${adapter.model}` }}
            inherit
          >
            Compare it with its base
          </TextLink>
        </Text>
      </Stack>
    </Alert>
  );
}
