#pragma once

namespace orrery {

struct Fraction {
  int numerator = 0;
  int denominator = 1;
  friend bool operator==(const Fraction&, const Fraction&) = default;
};

// The frame rate that `fps` (frames a second, above 0.001, at most 1000) means: 24 → 24/1, 12.5 → 25/2, and the
// broadcast rates n·1000/1001 from their usual spellings, 23.976 → 24000/1001. Otherwise the simplest convergent within
// 1e-6. Throws InputError outside the range.
Fraction fps_fraction(double fps);

}  // namespace orrery
