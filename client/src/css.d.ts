/** A style sheet, imported as its minified text: the build does that. */
declare module "*.css" {
  const text: string;
  export default text;
}
