import { api, body } from "../api/client";
import { Problem } from "../api/problem";

/** Makes the adapter; where one of this name is there already, what is sent is its next version. */
export async function ensure(name: string, base: string): Promise<void> {
  try {
    await body(api.POST("/v1/adapters", { body: { name, base_model: base, description: "" } }));
  } catch (error) {
    if (!(error instanceof Problem && error.code === "adapter_exists")) throw error;
  }
}
