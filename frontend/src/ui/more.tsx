import { Button, Center } from "@mantine/core";

interface MoreProps {
  of: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => unknown;
  };
}

/** Below a list by cursor: the way to what is older; nothing when all is there. */
export function More({ of: list }: MoreProps) {
  if (!list.hasNextPage) return null;
  return (
    <Center p="sm">
      <Button
        variant="default"
        size="xs"
        loading={list.isFetchingNextPage}
        onClick={() => void list.fetchNextPage()}
      >
        More
      </Button>
    </Center>
  );
}
