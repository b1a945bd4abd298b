import { Box } from "@mantine/core";
import { Copy } from "./copyable";
import classes from "./snippet.module.css";

/** Program text with a copy button. */
export function Snippet({ code, label }: { code: string; label: string }) {
  return (
    <Box className={classes.frame}>
      <pre className={classes.code} tabIndex={0} aria-label={label} role="region">
        {code}
      </pre>
      <Box className={classes.copy}>
        <Copy value={code} label="Copy the code" />
      </Box>
    </Box>
  );
}
