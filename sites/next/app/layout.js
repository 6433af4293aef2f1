export const metadata = { title: "Tallowby", description: "A workshop's orders" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
