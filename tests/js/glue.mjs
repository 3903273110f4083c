// Replacement for Rust: records the forms that the loader mounts.

export const mounted = [];

/** The error that `mount` throws while this is set. */
export const fault = { next: undefined };

/** Called as soon as the next form is mounted, before it starts. */
export const meanwhile = { next: undefined };

export const mount = (host, root, page, given) => {
  const [file, texts, context] = given.split("\0");
  if (fault.next) throw fault.next;
  const embedded = { host, root, page, context: context.split("\n"), file, texts };
  const form = { ...embedded, calls: [], state: "editing", trapped: false };
  for (const call of ["compare", "begin", "reset", "abandon", "free"]) {
    form[call] = (...given) => {
      form.calls.push([call, ...given]);
      return true;
    };
  }
  mounted.push(form);
  meanwhile.next?.();
  meanwhile.next = undefined;
  return form;
};

export default async () => {};
