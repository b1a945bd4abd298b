import { useRouter } from "@tanstack/react-router";
import { copied } from "../ui/clipboard";
import { said } from "../ui/said";
import { fitting } from "./link";
import { write, type Settings } from "./settings";

/** Copies a link that opens the playground as it is now. */
export function useShare() {
  const router = useRouter();
  return async (settings: Settings, prompt: string) => {
    const { search, without } = fitting(write(settings, prompt));
    // The router's own spelling: it reads each value as JSON, so a prompt that is JSON is quoted.
    const { href } = router.buildLocation({ to: "/playground", search });
    const less = without.length === 0 ? "" : ` Too long for it: ${without.join(" and ")}.`;
    if (await copied(`${location.origin}${href}`))
      said(`Link copied. It opens for members of this account.${less}`);
    else if (less !== "") said(less.trim());
  };
}
