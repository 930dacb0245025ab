// Run by `npm run lint` here, which goes to the checkout's root: paths are relative to that.
import js from "@eslint/js";
import globals from "globals";

export default [
  {
    files: ["yolact_cli/review/page/**/*.js", "tests/page/**/*.mjs"],
    ...js.configs.recommended,
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: globals.browser },
    rules: {
      ...js.configs.recommended.rules,
      complexity: ["error", 14],
      eqeqeq: "error",
      "max-depth": ["error", 3],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
      "max-params": ["error", 5],
      "no-console": "error",
      "no-eval": "error",
      "no-implicit-globals": "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_|^event$" }],
      "no-var": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["tests/page/**/*.mjs"],
    languageOptions: { globals: globals.node },
  },
];
