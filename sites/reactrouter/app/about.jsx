export default function About() {
  return <h1>About the workshop</h1>;
}
