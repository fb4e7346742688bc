#include "base/core/status_lines.h"

#include <gtest/gtest.h>

#include <memory>

namespace orrery {
namespace {

// What a terminal shows: lines, and the cursor behind the last one. It knows the two sequences that are used: up by N
// lines, and erase from here to the end.
class Screen {
 public:
  void take(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\x1b') {
        i = obey(text, i);
      } else if (text[i] == '\n') {
        lines_.emplace_back();
        ++row_;
      } else if (text[i] != '\r') {
        lines_[row_] += text[i];
      }
    }
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::size_t obey(const std::string& text, std::size_t at) {
    const std::size_t end = text.find_first_of("AJ", at);
    if (text.at(end) == 'A') {
      row_ -= std::stoul(text.substr(at + 2));
    } else {
      lines_.resize(row_ + 1);
      lines_[row_].clear();
    }
    return end;
  }

  std::vector<std::string> lines_{""};
  std::size_t row_ = 0;
};

class StatusLinesTest : public testing::Test {
 protected:
  // What the terminal shows by now.
  std::vector<std::string> screen() {
    std::rewind(file_.get());
    std::string text;
    for (int c = std::fgetc(file_.get()); c != EOF; c = std::fgetc(file_.get())) text += static_cast<char>(c);
    Screen screen;
    screen.take(text);
    return screen.lines();
  }
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file_{std::tmpfile()};
  StatusLines lines_{file_.get()};
};

using Lines = std::vector<std::string>;

TEST_F(StatusLinesTest, StayBelowWhatIsPrinted) {
  lines_.print("one\n");
  lines_.show({"clip", "manifest"});
  EXPECT_EQ(screen(), (Lines{"one", "clip", "manifest", ""}));
  lines_.print("two\n");
  EXPECT_EQ(screen(), (Lines{"one", "two", "clip", "manifest", ""}));
}

TEST_F(StatusLinesTest, AreDrawnInPlaceAndGo) {
  lines_.print("one\n");
  lines_.show({"a long line", "manifest"});
  lines_.show({"short"});
  EXPECT_EQ(screen(), (Lines{"one", "short", ""}));
  lines_.show({});
  EXPECT_EQ(screen(), (Lines{"one", ""}));
  lines_.print("end\n");
  EXPECT_EQ(screen(), (Lines{"one", "end", ""}));
}

TEST_F(StatusLinesTest, AFileIsNoTerminal) { EXPECT_EQ(terminal_columns(file_.get()), 0U); }

}  // namespace
}  // namespace orrery
