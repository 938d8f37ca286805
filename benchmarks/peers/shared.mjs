// What both Node peers need: two processes, and pages as {count, next, previous, results}.

import cluster from "node:cluster";

const SIZE = 25;

export function serveInTwo(app) {
  if (cluster.isPrimary) {
    cluster.fork();
    cluster.fork();
  } else {
    app.listen(Number(process.env.PORT), "127.0.0.1");
  }
}

export function currentPage(request) {
  const number = Math.max(1, Number.parseInt(request.query.page ?? "1", 10) || 1);
  return { number, size: SIZE, offset: (number - 1) * SIZE };
}

export function pageOf(request, count, results) {
  const { number } = currentPage(request);
  const address = (page) => `${request.protocol}://${request.host}${request.path}?page=${page}`;
  return {
    count,
    next: number * SIZE < count ? address(number + 1) : null,
    previous: number > 1 ? address(number - 1) : null,
    results,
  };
}
