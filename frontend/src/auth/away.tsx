import { Anchor, Group } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Problem } from "../api/problem";
import { meQuery, useForgetAll } from "../api/session";
import { chooseAccount } from "../api/token";
import { TextLink } from "../ui/links";
import { signOut } from "./allauth";

/** The ways out of a page that has no menu; `next`: where whoever signs in after that is led. */
export function Away({ next }: { next?: string }) {
  const me = useQuery(meQuery);
  const navigate = useNavigate();
  const forget = useForgetAll();
  const leave = useMutation({
    mutationFn: signOut,
    onSettled: async () => {
      chooseAccount(null);
      forget();
      await navigate({ to: "/login", search: { next } });
    },
  });
  // Without an account there is no overview: the way there would lead back here.
  const homeless = me.error instanceof Problem && me.error.code === "no_account";
  return (
    <Group gap="md">
      {!homeless && (
        <TextLink to="/" inherit underline="always">
          To the overview
        </TextLink>
      )}
      <Anchor
        component="button"
        type="button"
        inherit
        underline="always"
        onClick={() => leave.mutate()}
      >
        Sign out
      </Anchor>
    </Group>
  );
}
