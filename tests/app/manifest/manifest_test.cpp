#include "app/manifest/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "base/core/error.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::deque<Request> parse(const std::string& text, const RequestDefaults& defaults = {}) {
  return parse_manifest(text, "/data/m.jsonl", defaults);
}

// The lines of the error message; none when the manifest is accepted.
std::vector<std::string> problems(const std::string& text) {
  std::vector<std::string> lines;
  try {
    parse(text);
  } catch (const InputError& e) {
    std::istringstream in(e.what());
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  return lines;
}

std::string with(const std::string& fields) { return R"({"id": "a", "prompt": "p", )" + fields + "}"; }

TEST(Manifest, FillsInTheDefaults) {
  Request defaults;
  defaults.steps = 8;
  defaults.negative_prompt = "blur";
  const std::deque<Request> requests = parse(R"(
# a comment
{"id": "a", "prompt": "p", "seed": 4294967295}

{"id": "b", "prompt": "", "negative_prompt": "", "steps": 1000, "fps": 29.97, "guidance_scale": 0}
{"id": "c", "prompt_token_ids": [1, 2], "negative_token_ids": [3]}
)",
                                             defaults);
  ASSERT_THAT(requests, SizeIs(3));
  EXPECT_EQ(requests[0].seed, 4294967295U);
  EXPECT_EQ(requests[0].steps, 8);
  EXPECT_EQ(requests[0].negative_prompt, "blur");
  EXPECT_EQ(requests[1].negative_prompt, "");
  EXPECT_EQ(requests[1].fps, 29.97);
  EXPECT_TRUE(requests[1].guided());
  EXPECT_EQ(requests[2].negative_prompt, std::nullopt);
  EXPECT_THAT(*requests[2].prompt_token_ids, ElementsAre(1, 2));
}

// The defaults of pictures apply unless the line or the command line sets other values; only videos have sound.
TEST(Manifest, APictureHasDefaultsOfItsOwn) {
  const auto numbers = [](const std::string& line, const RequestDefaults& defaults) {
    const Request r = parse_manifest(line, "m", defaults).front();
    return std::tuple(r.steps, r.guidance_scale, r.flow_shift, r.sound);
  };
  RequestDefaults defaults;
  defaults.sound = true;
  const std::string video = with(R"("seed": 1)"), picture = with(R"("seed": 1, "num_frames": 1)");
  EXPECT_EQ(numbers(video, defaults), std::tuple(35, 6.0, 10.0, true));
  EXPECT_EQ(numbers(picture, defaults), std::tuple(50, 4.0, 3.0, false));
  EXPECT_EQ(numbers(with(R"("steps": 9, "flow_shift": 5, "num_frames": 1)"), defaults), std::tuple(9, 4.0, 5.0, false));
  defaults.asked_steps = 7;
  EXPECT_EQ(numbers(video, defaults), std::tuple(7, 6.0, 10.0, true));
  EXPECT_EQ(numbers(picture, defaults), std::tuple(7, 4.0, 3.0, false));
  defaults.num_frames = 1;
  EXPECT_EQ(numbers(video, defaults), std::tuple(7, 4.0, 3.0, false));
  defaults.semantics = Semantics::Seed;
  EXPECT_EQ(numbers(video, defaults), std::tuple(7, 6.0, 10.0, false));
  EXPECT_THAT(problems(with(R"("num_frames": 1, "sound": true)")),
              ElementsAre(HasSubstr("sound: a clip of one frame is a picture")));
}

TEST(Manifest, ALineMakesAsManyRequestsAsItHasSamples) {
  const std::deque<Request> requests = parse(with(R"("samples": 3, "seed": 7)") + "\n" +
                                             R"({"id": "b", "prompt": "p", "samples": 1, "continues": "a-2"})");
  ASSERT_THAT(requests, SizeIs(4));
  Request expected = parse(with(R"("seed": 7)")).front();
  for (std::size_t i = 0; i < 3; ++i) {
    expected.id = "a-" + std::to_string(i);
    EXPECT_EQ(requests[i], expected);
    EXPECT_EQ(parse(manifest_line(requests[i])).front(), expected);
    ++expected.seed;
  }
  EXPECT_EQ(requests[3].id, "b-0");
  EXPECT_EQ(requests[3].parent, "a-2");
}

TEST(Manifest, RefusesSamplesThatCannotBe) {
  for (const char* count : {"0", "-1", "1.5", "\"3\"", "100001", "null"}) {
    EXPECT_THAT(problems(with(R"("samples": )" + std::string(count))), ElementsAre(HasSubstr("samples: "))) << count;
  }
  EXPECT_THAT(problems(with(R"("samples": 2, "seed": 4294967295)")),
              ElementsAre(HasSubstr("samples: their seeds, from 4294967295 to 4294967296, go beyond 4294967295")));
  const auto in_three_chunks = [](const char* seed) {
    return problems(with(std::string(R"("samples": 2, "num_frames": 17, "chunk_frames": 9, "seed": )") + seed));
  };
  EXPECT_THAT(in_three_chunks("4294967292"), IsEmpty());
  EXPECT_THAT(in_three_chunks("4294967293"),
              ElementsAre(HasSubstr("samples: of the last one, the chunks' seeds, from 4294967294 to 4294967296, go")));
  EXPECT_THAT(in_three_chunks("4294967294"), ElementsAre(HasSubstr("seed: the chunks' seeds, from 4294967294 to")));
  EXPECT_THAT(problems(with(R"("samples": 9)") + "\n" + with(R"("samples": 9)")),
              ElementsAre(HasSubstr("m.jsonl:2: id \"a\": its sample \"a-0\" is already used in line 1")));
  EXPECT_THAT(problems(with(R"("samples": 2)") + "\n" + R"({"id": "a-1", "prompt": "p"})"),
              ElementsAre(HasSubstr("m.jsonl:2: id \"a-1\": already used in line 1, which has samples: ids must")));
  EXPECT_THAT(
      problems(with(R"("samples": 2)") + "\n" + R"({"id": "b", "prompt": "p", "continues": "a"})"),
      ElementsAre(HasSubstr("m.jsonl:2: id \"b\": continues: line 1 makes a-0, a-1, … of a: name one of them")));
  EXPECT_THAT(problems(R"({"id": ")" + std::string(199, 'x') + R"(", "prompt": "p", "samples": 2})"),
              ElementsAre(HasSubstr("samples: the id of the last one: 201 characters")));
  EXPECT_THAT(problems(with(R"("samples": 5, "steps": 0)")), SizeIs(1)) << "once a line";
}

TEST(Manifest, AcceptsWhatEditorsLeaveBehind) {
  EXPECT_THAT(parse("{\"id\": \"a\", \"prompt\": \"p\"}\r\n  \t\r\n  # note\r\n"), SizeIs(1));
  EXPECT_THAT(parse(R"({"id": "a", "prompt": "p", "image": null, "negative_prompt": null, "aspect_ratio": null})"),
              SizeIs(1));
}

TEST(Manifest, PathsStartAtItsFolder) {
  const std::deque<Request> requests =
      parse(with(R"("image": "pictures/../cat.png")") + "\n" +
            R"({"id": "b", "prompt": "", "condition_latents": "/other/b.h5", "condition_frames": [0, 2]})");
  EXPECT_EQ(requests[0].image, "/data/cat.png");
  EXPECT_EQ(requests[1].condition_latents, "/other/b.h5");
  EXPECT_THAT(requests[1].condition_frames, ElementsAre(0, 2));
  EXPECT_TRUE(parse_manifest(with(R"("image": "x.png")"), "m.jsonl", {})[0].image.is_absolute());
}

struct BadField {
  const char* fields;
  const char* expected;
};

TEST(Manifest, RefusesBadValues) {
  for (const BadField& row : std::initializer_list<BadField>{
           {R"("height": 721)", "height: 721 is not a multiple of 16 (nearest: 720)"},
           {R"("width": 8)", "width: 8 is outside 16 to 16384"},
           {R"("width": 1e3)", "width: an integer was expected, found 1000.0"},
           {R"("height": 99999999999999999999)", "height: an integer was expected"},
           {R"("height": 9223372036854775808)", "height: 9223372036854775808 is too large"},
           {R"("height": 16384, "width": 16384, "num_frames": 100001)", "num_frames: the clip has 6553862144 tokens"},
           {R"("num_frames": 0)", "num_frames: 0 is outside 1 to 100001"},
           {R"("num_frames": 190)", "num_frames: 190 is not a multiple of 4, plus 1 (nearest: 189)"},
           {R"("num_frames": "189")", R"(num_frames: an integer was expected, found the string "189")"},
           {R"("fps": 0)", "fps: 0 is outside 0.01 to 1000 frames per second"},
           {R"("fps": true)", "fps: a number was expected, found true"},
           {R"("fps": null)", "fps: a number was expected, found null"},
           {R"("steps": 0)", "steps: 0 is outside 1 to 1000"},
           {R"("steps": 1001)", "steps: 1001 is outside 1 to 1000"},
           {R"("guidance_scale": -0.5)", "guidance_scale: -0.5 is not a finite number of at least 0"},
           {R"("flow_shift": 0.0)", "flow_shift: 0 is not a finite number above 0"},
           {R"("guidance_interval": [500])",
            "guidance_interval: a list of two timesteps was expected, found the list [500]"},
           {R"("guidance_interval": [900, 400])",
            "guidance_interval: [900, 400] is not a lower and a higher timestep from 0 to 1001"},
           {R"("guidance_interval": [0, 1002])", "guidance_interval: [0, 1002] is not"},
           {R"("normalize_cfg": 1)", "normalize_cfg: true or false was expected, found 1"},
           {R"("step_cache": -0.1)", "step_cache: -0.1 is not a finite number of at least 0"},
           {R"("step_cache": true)", "step_cache: a number was expected, found true"},
           {R"("step_cache_skips": -1)", "step_cache_skips: -1 is outside 0 to 1000"},
           {R"("step_cache_order": 3)", "step_cache_order: 3 is outside 0 to 2"},
           {R"("seed": 4294967296)", "seed: 4294967296 is outside 0 to 4294967295"},
           {R"("seed": -1)", "seed: -1 is outside 0 to 4294967295"},
           {R"("sound": 1)", "sound: true or false was expected, found 1"},
           {R"("append_metadata": "no")", R"(append_metadata: true or false was expected, found the string "no")"},
           {R"("aspect_ratio": "16:9")", R"(aspect_ratio: "16:9" is not WIDTH,HEIGHT in digits)"},
           {R"("aspect_ratio": "16,")", "aspect_ratio: "},
           {R"("aspect_ratio": "0,9")", "aspect_ratio: "},
           {R"("negative_prompt": {"a": 1})", R"(negative_prompt: a string was expected, found the object {"a":1})"},
           {R"("negative_token_ids": [])", "negative_token_ids: the list is empty"},
           {R"("negative_token_ids": [1, -2])", "negative_token_ids: -2 is not a token id"},
           {R"("negative_token_ids": 5)", "negative_token_ids: a list of integers was expected, found 5"},
           {R"("negative_token_ids": ["a"])", R"(negative_token_ids: an integer was expected, found the string "a")"},
           {R"("image": "")", "image: the path is empty"},
           {R"("condition_frames": [0])", "condition_frames: needs image, video, continues or condition_latents"},
           {R"("image": "a.png", "condition_frames": [])", "condition_frames: the list is empty"},
           {R"("image": "a.png", "condition_frames": [48])",
            "condition_frames: 48 is not a latent frame of the clip, which has 0 to 47"},
           {R"("image": "a.png", "condition_frames": [1, 1])", "condition_frames: 1 is listed twice"},
           {R"("image": "a.png", "condition_frames": [0, 1])",
            "condition_frames: 2 frames are listed, an image is one"},
           {R"("condition_latents": "a.h5", "condition_frames": [0, 2, 1])",
            "condition_frames: 1 follows 2: the frames must increase"},
           {R"("condition_latents": "a.h5", "condition_frames": [2, 2])", "condition_frames: 2 is listed twice"},
           {R"("image": "a.png", "condition_latents": "b.h5")", "condition_latents: excludes image"},
           {R"("image": "a.png", "video": "b.mp4")", "video: excludes image: give one of the two"},
           {R"("video": "b.mp4", "continues": "c.mp4")", "continues: excludes video"},
           {R"("video": "b.mp4", "video_keep": "middle")", R"(video_keep: "middle" is neither "first" nor "last")"},
           {R"("video_keep": "last")", "video_keep: needs video"},
           {R"("video": "b.mp4", "num_frames": 1)",
            "num_frames: 1 is too short for a clip that begins with five frames of another: at least 9"},
           {R"("video": "b.mp4", "num_frames": 5)",
            "num_frames: 5 is too short for a clip that begins with five frames of another: at least 9"},
           {R"("image": "a.png", "num_frames": 1)",
            "condition_frames: the only frame is given, and none is left to make: give the clip more num_frames"},
           {R"("image": "a.png", "num_frames": 5, "last_image": "b.png")",
            "condition_frames: all frames of the clip are given, and none is left to make"},
           {R"("video": "b.mp4", "num_frames": 1, "condition_frames": [1])",
            "condition_frames: 1 is not a latent frame of the clip, which has 0 to 0"},
           {R"("last_image": "a.png")", "last_image: needs image"},
           {R"("chunk_frames": 12)", "chunk_frames: 12 is not a multiple of 4, plus 1 (nearest: 13)"},
           {R"("chunk_frames": 1)",
            "chunk_frames: 1 leaves no frames for what a chunk adds to the one before: at least 5"},
           {R"("chunk_overlap": 4)", "chunk_overlap: 4 is not a multiple of 4, plus 1"},
           {R"("chunk_frames": 9, "chunk_overlap": 9)",
            "chunk_overlap: 9 leaves a chunk of 9 frames none of its own: at most 5"},
           {R"("num_frames": 17, "chunk_frames": 9, "seed": 4294967294)",
            "seed: the chunks' seeds, from 4294967294 to 4294967296, go beyond 4294967295"},
           {R"("video": "a.mp4", "chunk_frames": 9, "condition_frames": [3])",
            "condition_frames: 3 is not a latent frame of the clip's first chunk, which has 0 to 2"},
           {R"("image": "a.png", "last_image": "b.png", "chunk_frames": 9)",
            "last_image: a clip that is made in chunks cannot end with a given picture: leave out one of the two"},
           {R"("image": "a.png", "last_image": "b.png", "num_frames": 1)",
            "last_image: a clip of one frame cannot begin with one picture and end with another: give it more"},
           {R"("image": "a.png", "last_image": "b.png", "condition_frames": [0])",
            "condition_frames: 1 frame is listed, image and last_image are two"},
           {R"("prompt_token_ids": [1])", "prompt_token_ids: excludes prompt"},
           {R"("negative_prompt": "", "negative_token_ids": [1])", "negative_token_ids: excludes negative_prompt"},
           {R"("hieght": 720)", "hieght: unknown key (did you mean height?)"},
           {R"("colour": 1)", "colour: unknown key"},
           {R"("steps": 8, "steps": 9)", "steps: given more than once"}}) {
    EXPECT_THAT(problems(with(row.fields)),
                ElementsAre(StartsWith("/data/m.jsonl:1: id \"a\": " + std::string(row.expected))))
        << row.fields;
  }
}

TEST(Manifest, RefusesBadIds) {
  const auto line = [](const std::string& id) { return R"({"prompt": "p", "id": )" + id + "}"; };
  for (const BadField& row : std::initializer_list<BadField>{{"\"\"", "id: it is empty"},
                                                             {"\".\"", "id: \".\" is a folder"},
                                                             {"\"..\"", "id: \"..\" is a folder"},
                                                             {"\"a/b\"", "id: \"a/b\" has other characters"},
                                                             {"\"a b\"", "id: \"a b\" has other characters"},
                                                             {"\"\u00e9\"", "id: \"\u00e9\" has other characters"},
                                                             {"7", "id: a string was expected, found 7"}}) {
    EXPECT_THAT(problems(line(row.fields)), ElementsAre(StartsWith("/data/m.jsonl:1: " + std::string(row.expected))));
  }
  EXPECT_THAT(problems(line("null")), SizeIs(2));
  EXPECT_THAT(problems(line('"' + std::string(200, 'x') + '"')), IsEmpty());
  EXPECT_THAT(problems(line('"' + std::string(201, 'x') + '"')), ElementsAre(HasSubstr("201 characters are too long")));
  EXPECT_THAT(problems(line("\"A-b_9.c\"")), IsEmpty());
}

TEST(Manifest, RefusesWhatIsNotAJsonObject) {
  for (const BadField& row : std::initializer_list<BadField>{
           {R"({"id": "a", "prompt": })", "column 23: not valid JSON: syntax error"},
           {R"({"id": "a", "prompt": "x")", "column 25: not valid JSON: syntax error"},
           {"{\"id\": \"\xFF\"}",
            "column 9: not valid JSON: syntax error while parsing value - invalid string: ill-formed UTF-8"},
           {"{\"é\": }", "column 7: not valid JSON"},
           {R"({"id": "a", "prompt": "p", "fps": 1e999})", "not valid JSON: number overflow"},
           {R"({"id": "a", "prompt": "p", "fps": NaN})", "column 35: not valid JSON"},
           {R"(["a"])", R"(a JSON object was expected, as in {"id": "a", "prompt": "…"}, found the list ["a"])"},
           {R"("a")", "a JSON object was expected"}}) {
    EXPECT_THAT(problems(row.fields), ElementsAre(StartsWith("/data/m.jsonl:1: " + std::string(row.expected))));
  }
}

TEST(Manifest, ReportsEveryBadLineAtOnce) {
  EXPECT_THAT(
      problems("# four lines\n"
               R"({"id": "a", "prompt": "p", "height": 721, "steps": 0})"
               "\n{\n"
               R"({"id": "b", "prompt": "p"})"
               "\n"
               R"({"id": "b", "prompt": "p"})"
               "\n"
               R"({"id": "c"})"),
      ElementsAre(HasSubstr(":2: id \"a\": height:"), HasSubstr(":2: id \"a\": steps:"), HasSubstr(":3: column"),
                  "/data/m.jsonl:5: id \"b\": already used in line 4: ids must be unique",
                  "/data/m.jsonl:6: id \"c\": prompt: missing: give a text, or prompt_token_ids"));
}

TEST(Manifest, RefusesAnEmptyOne) {
  EXPECT_THAT(problems("\n# nothing\n"),
              ElementsAre("/data/m.jsonl: no request in it: expected one JSON object a line"));
  EXPECT_THAT(problems(""), SizeIs(1));
}

// The problems of the line `later` after a clip "a" of 17 frames (5 latent frames).
std::string after_a(const std::string& later) {
  return R"({"id": "a", "prompt": "p", "num_frames": 17})"
         "\n" +
         later;
}

TEST(Manifest, ContinuesAnEarlierLineById) {
  const std::deque<Request> requests =
      parse(after_a(R"({"id": "b", "prompt": "p", "condition_latents": "a", "condition_frames": [0, 1]}
{"id": "c", "prompt": "p", "condition_latents": "b"}
{"id": "d", "prompt": "p", "condition_latents": "./a"}
{"id": "e", "prompt": "p", "condition_latents": "other"}
{"id": "f", "prompt": "p", "condition_latents": null})"));
  ASSERT_THAT(requests, SizeIs(6));
  struct Row {
    std::string parent;
    fs::path latents;
    bool conditioned;
  };
  const std::vector<Row> expected{{"", "", false},       {"a", "", true},           {"b", "", true},
                                  {"", "/data/a", true}, {"", "/data/other", true}, {"", "", false}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(requests[i].parent, expected[i].parent) << i;
    EXPECT_EQ(requests[i].condition_latents, expected[i].latents) << i;
    EXPECT_EQ(requests[i].conditioned(), expected[i].conditioned) << i;
  }
}

TEST(Manifest, ContinuesPixelsOfALineOrAVideo) {
  const std::deque<Request> requests = parse(after_a(R"({"id": "b", "prompt": "p", "continues": "a"}
{"id": "c", "prompt": "p", "continues": "a", "condition_frames": [0], "width": 640}
{"id": "d", "prompt": "p", "continues": "clips/x.mp4"}
{"id": "e", "prompt": "p", "continues": "./a", "condition_frames": null}
{"id": "f", "prompt": "p", "continues": null})"));
  ASSERT_THAT(requests, SizeIs(6));
  struct Row {
    std::string parent;
    fs::path video;
    std::vector<std::int64_t> frames;
  };
  const std::vector<Row> expected{{"", "", {0}},           {"a", "", {0, 1}},
                                  {"a", "", {0}},          {"", "/data/clips/x.mp4", {0, 1}},
                                  {"", "/data/a", {0, 1}}, {"", "", {0}}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(requests[i].parent, expected[i].parent) << i;
    EXPECT_EQ(requests[i].encodes_parent, !expected[i].parent.empty()) << i;
    EXPECT_EQ(requests[i].continued_video, expected[i].video) << i;
    EXPECT_EQ(requests[i].condition_frames, expected[i].frames) << i;
    EXPECT_EQ(requests[i].needs_encoder(), requests[i].conditioned()) << i;
  }
}

TEST(Manifest, BeginsWithAVideoOrTwoPictures) {
  const std::deque<Request> requests = parse(R"({"id": "a", "prompt": "p", "video": "x.mp4"}
{"id": "b", "prompt": "p", "video": "x.mp4", "video_keep": "last", "condition_frames": [0, 2]}
{"id": "c", "prompt": "p", "image": "x.png", "last_image": "y.png", "num_frames": 17}
{"id": "d", "prompt": "p", "image": "x.png", "last_image": "y.png", "condition_frames": [1, 3]})");
  ASSERT_THAT(requests, SizeIs(4));
  const std::vector<std::vector<std::int64_t>> frames{{0, 1}, {0, 2}, {0, 4}, {1, 3}};
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(requests[i].condition_frames, frames[i]) << i;
    EXPECT_EQ(requests[i].keeps_last, i == 1) << i;
    EXPECT_TRUE(requests[i].needs_encoder() && requests[i].conditioned()) << i;
    EXPECT_THAT(requests[i].input_files(), SizeIs(i < 2 ? 1 : 2));
    EXPECT_THAT(parse(manifest_line(requests[i])), ElementsAre(requests[i]));
  }
}

TEST(Manifest, RefusesBadChains) {
  for (const BadField& row : std::initializer_list<BadField>{
           {R"("condition_latents": "b")",
            "condition_latents: names the clip of this line, which cannot continue itself"},
           {R"("condition_latents": "c")",
            "condition_latents: names the clip of line 3, which comes later: move it up"},
           {R"("condition_latents": "a", "height": 704)",
            "condition_latents: clip \"a\" is 1280x720, this one 1280x704"},
           {R"("condition_latents": "a", "condition_frames": [0, 1, 2, 3, 4, 5])",
            "condition_latents: clip \"a\" has 5 latent frames, condition_frames asks for 6"},
           {R"("condition_latents": "a", "image": "x.png")", "condition_latents: excludes image"},
           {R"("continues": "b")", "continues: names the clip of this line, which cannot continue itself"},
           {R"("continues": "c")", "continues: names the clip of line 3, which comes later: move it up"},
           {R"("continues": "a", "image": "x.png")", "continues: excludes image: give one of the two"},
           {R"("continues": "a", "condition_latents": "x.h5")", "continues: excludes condition_latents"},
           {R"("continues": "a", "num_frames": 1)", "num_frames: 1 is too short for a clip that begins with five"},
           {R"("continues": 7)", "continues: a string was expected"},
           {R"("condition_latents": ["a"])", "condition_latents: a string was expected"}}) {
    const std::string line = R"({"id": "b", "prompt": "p", )" + std::string(row.fields) + "}\n";
    EXPECT_THAT(problems(after_a(line + R"({"id": "c", "prompt": "p"})")),
                ElementsAre(StartsWith("/data/m.jsonl:2: id \"b\": " + std::string(row.expected))))
        << row.fields;
  }
}

TEST(Manifest, ReportsLaterIdsInTheOrderOfLines) {
  EXPECT_THAT(problems(R"({"id": "a", "prompt": "p", "condition_latents": "b"}
{"id": "b", "prompt": "p", "height": 721})"),
              ElementsAre(HasSubstr(":1: id \"a\": condition_latents: names the clip of line 2"),
                          HasSubstr(":2: id \"b\": height: 721")));
}

TEST(Manifest, AsksAlsoRefuseAboutEveryLine) {
  const RequestCheck refuse_sound = [](const Request& r) {
    return r.sound ? std::vector<std::string>{"sound: none here", "sound: really"} : std::vector<std::string>{};
  };
  try {
    parse_manifest(with(R"("sound": true)") + "\n" + R"({"id": "b", "prompt": "p", "steps": 0})", "m", {},
                   refuse_sound);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(),
                 "m:1: id \"a\": sound: none here\nm:1: id \"a\": sound: really\n"
                 "m:2: id \"b\": steps: 0 is outside 1 to 1000");
  }
}

TEST(Manifest, LineReadsBackAsTheSameRequest) {
  Request rich;
  rich.id = "x";
  rich.prompt = "a \"b\"\n\u00e9";
  rich.negative_prompt = "";
  rich.condition_latents = "/data/x y.h5";
  rich.condition_frames = {0, 1};
  rich.num_frames = 17;
  rich.fps = 29.97;
  rich.guidance_scale = 0.1;
  rich.seed = 4294967295U;
  rich.aspect_ratio = "4,3";
  rich.append_metadata = false;
  Request ids;
  ids.id = "y";
  ids.image = "/data/y.png";
  ids.prompt_token_ids = std::vector<std::int64_t>{0, 151935};
  ids.negative_token_ids = std::vector<std::int64_t>{7};
  Request chained = rich;
  chained.condition_latents.clear();
  chained.parent = "w";
  Request anew = chained;
  anew.encodes_parent = true;
  Request video = ids;
  video.image.clear();
  video.continued_video = "/data/v.mp4";
  video.condition_frames = {0, 1};
  Request fast = rich;
  fast.guidance_interval = {400.5, 900};
  fast.normalize_cfg = true;
  fast.step_cache = {0.25, 0};
  Request in_chunks = ids;
  in_chunks.chunk_frames = 93;
  in_chunks.chunk_overlap = 9;
  Request parent = rich;
  parent.id = "w";
  for (const Request& request : {rich, ids, chained, anew, video, fast, in_chunks}) {
    const std::string line = manifest_line(request);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_THAT(parse(manifest_line(parent) + "\n" + line), ElementsAre(parent, request)) << line;
  }
  EXPECT_EQ(parse(manifest_line(chained))[0].parent, "") << "no earlier line has that id";
  EXPECT_THAT(manifest_line(rich), StartsWith(R"({"id":"x","prompt":)"));
}

// Requests without these newer fields equal those of earlier releases, so that their clips are kept.
TEST(Manifest, LinesLeaveOutWhatIsOff) {
  Request request;
  request.id = "x";
  const std::string line = manifest_line(request);
  for (const char* key : {"step_cache", "guidance_interval", "normalize_cfg"}) {
    EXPECT_EQ(line.find(key), std::string::npos) << line;
  }
  request.step_cache.skips = 5;  // unused without a threshold
  EXPECT_EQ(manifest_line(request), line);
}

TEST(Manifest, TextsHaveNoNullCharacters) {
  for (const char* field : {"prompt", "negative_prompt"}) {
    const std::string line = R"({"id": "a", "prompt": "p", ")" + std::string(field) + R"(": "ab\u0000c"})";
    EXPECT_THAT([&] { parse(line); }, testing::ThrowsMessage<InputError>(
                                          testing::HasSubstr(std::string(field) + ": byte 3 is a null character")));
  }
}

// Found by tests/fuzz: the line written to latent files for such a request was parsed as another request.
TEST(Manifest, SettingsOfNoStepCacheAreNotKept) {
  const auto requests = parse_manifest(R"({"id": "a", "prompt": "x", "step_cache_skips": 8})", "/m.jsonl", Request{});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().step_cache, StepCacheSettings{});
}

TEST(Manifest, SettingsOfNoChunksAreNotKept) {
  for (const char* keys : {R"("chunk_frames": 93)", R"("chunk_frames": 189, "chunk_overlap": 9)",
                           R"("chunk_overlap": 9)", R"("chunk_frames": null, "chunk_overlap": 13)"}) {
    const std::string line = R"({"id": "a", "prompt": "x", "num_frames": 93, )" + std::string(keys) + "}";
    const auto requests = parse(line);
    EXPECT_EQ(parse(manifest_line(requests.front())), requests) << line;
  }
}

}  // namespace
}  // namespace orrery
