import { useForm, type UseFormReturnType } from "@mantine/form";
import { useEffect, useEffectEvent } from "react";

/**
 * A form over what the server has. When that changes the form follows, unless somebody has typed
 * into it: then what is typed stays. `adopt` takes what the server made of a change.
 */
export function useServerValues<Values extends object>(
  values: Values,
): [UseFormReturnType<Values>, (values: Values) => void] {
  const form = useForm<Values>({ initialValues: values });
  const adopt = (fresh: Values) => {
    form.setInitialValues(fresh);
    form.reset();
  };
  const follow = useEffectEvent(() => {
    if (!form.isDirty()) adopt(values);
  });
  const now = JSON.stringify(values);
  useEffect(() => follow(), [now]);
  return [form, adopt];
}
