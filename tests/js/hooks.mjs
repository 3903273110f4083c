// Resolves and loads the widget's modules in Node as esbuild does in the build.

const MODULES = {
  "standwith-browser": "../../widget/src/browser.js",
  "standwith-renderer": "../../widget/src/renderer.js",
  "standwith-glue": "./glue.mjs",
};

export const resolve = (specifier, context, next) => {
  const path = MODULES[specifier];
  return path ? { url: new URL(path, import.meta.url).href, shortCircuit: true } : next(specifier, context);
};

export const load = (url, context, next) => {
  const { pathname } = new URL(url);
  if (pathname.endsWith(".css")) return { format: "module", source: "export default ''", shortCircuit: true };
  const ours = /\/(www\/loader|widget\/src)\/\w+\.js$/.test(pathname);
  return next(url, ours ? { ...context, format: "module" } : context);
};
