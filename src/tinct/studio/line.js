/** So many at a time; who comes later waits for a turn. */
export class Line {
  #free;
  #waiting = [];

  constructor(places) {
    this.#free = places;
  }

  async turn() {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((done) => this.#waiting.push(done));
  }

  next() {
    const waiting = this.#waiting.shift();
    if (waiting) waiting();
    else this.#free += 1;
  }
}
