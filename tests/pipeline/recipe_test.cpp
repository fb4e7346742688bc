#include "pipeline/recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orrery {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Recipe with_products(RowFormat products) {
  Recipe recipe;
  recipe.products = products;
  recipe.attention = AttentionKernel::Cudnn;
  return recipe;
}

LatentHeader file_of(const Recipe& recipe, const Request& request) {
  Json model{{"name", "x"}};
  add_recipe(recipe, model);
  LatentHeader file;
  file.model = model.dump();
  file.sigmas = make_schedule(recipe.schedule, request.steps, request.flow_shift).sigmas;
  return file;
}

TEST(Recipe, FilesLeaveOutWhatTheyMeanWithoutIt) {
  Json plain, float8;
  add_recipe(with_products(RowFormat::Plain), plain);
  add_recipe(with_products(RowFormat::Float8), float8);
  EXPECT_EQ(plain.dump(), R"({"attention":"cudnn"})");
  EXPECT_EQ(float8.dump(), R"({"gemm":"fp8","attention":"cudnn"})");
  EXPECT_EQ(to_json(with_products(RowFormat::Plain)).dump(),
            R"({"gemm":"bf16","full_precision_steps":"0,0","input_scales":"dynamic","attention":"cudnn",)"
            R"("attention_format":"bf16","sampler":"unipc"})");
}

TEST(Recipe, AttentionInEightBitsMakesAnotherClip) {
  const Request request;
  Recipe plain, float8;
  float8.attention_format = RowFormat::Float8;
  Json identity = Json::object();
  add_identity(float8, identity);
  EXPECT_EQ(identity.dump(), R"({"attention_format":"fp8"})");
  EXPECT_EQ(other_entry(file_of(plain, request), float8, request), "attention");
  EXPECT_EQ(other_entry(file_of(float8, request), plain, request), "attention");
  EXPECT_EQ(other_entry(file_of(float8, request), float8, request), "");
}

// Attention in 8 bits brings its own steps in full precision: these are not what was asked for.
TEST(Recipe, NamesTheChoiceRatherThanWhatFollowsFromIt) {
  const Request request;
  Recipe plain, float8;
  float8.attention_format = RowFormat::Float8;
  float8.full_precision_steps = {3, 3};
  EXPECT_EQ(other_entry(file_of(plain, request), float8, request), "attention");
  EXPECT_EQ(other_entry(file_of(float8, request), plain, request), "attention");
}

TEST(Recipe, WhatAClipIsMadeFromLeavesOutWhatMakesNoOtherClip) {
  Json plain = Json::object(), float8;
  add_identity(with_products(RowFormat::Plain), plain);
  add_identity(with_products(RowFormat::Float8), float8);
  EXPECT_EQ(plain.dump(), "{}");
  EXPECT_EQ(float8.dump(), R"({"gemm":"fp8"})");
}

TEST(Recipe, NamesTheEntryThatMakesAnotherClip) {
  const Request request;
  const Recipe plain = with_products(RowFormat::Plain), float8 = with_products(RowFormat::Float8);
  Recipe karras = plain, by_fa3 = plain;
  karras.schedule = ScheduleKind::Karras;
  by_fa3.attention = AttentionKernel::Fa3;
  for (const Recipe& recipe : {plain, float8, karras})
    EXPECT_EQ(other_entry(file_of(recipe, request), recipe, request), "");
  EXPECT_EQ(other_entry(file_of(plain, request), float8, request), "gemm");
  EXPECT_EQ(other_entry(file_of(float8, request), plain, request), "gemm");
  EXPECT_EQ(other_entry(file_of(plain, request), karras, request), "schedule");
  EXPECT_EQ(other_entry(file_of(plain, request), by_fa3, request), "") << "it rounds differently";
}

TEST(Recipe, FixedStepsMakeAnotherClip) {
  Request request;
  request.steps = 2;
  Recipe fixed = with_products(RowFormat::Plain), others = fixed;
  fixed.schedule = ScheduleRule({1, 0.5F});
  others.schedule = ScheduleRule({1, 0.25F});
  const Recipe plain = with_products(RowFormat::Plain);
  EXPECT_EQ(other_entry(file_of(fixed, request), fixed, request), "");
  EXPECT_EQ(other_entry(file_of(fixed, request), others, request), "schedule");
  EXPECT_EQ(other_entry(file_of(fixed, request), plain, request), "schedule");
  EXPECT_EQ(other_entry(file_of(plain, request), fixed, request), "schedule");
}

TEST(Recipe, FilesOfEarlierReleasesHavePlainProducts) {
  const Request request;
  LatentHeader file = file_of(with_products(RowFormat::Plain), request);
  file.model = R"({"name":"x"})";
  EXPECT_EQ(other_entry(file, with_products(RowFormat::Plain), request), "");
  EXPECT_EQ(other_entry(file, with_products(RowFormat::Float8), request), "gemm");
  for (const char* model : {"", "[]", R"({"gemm":8})"}) {
    file.model = model;
    EXPECT_EQ(other_entry(file, with_products(RowFormat::Plain), request), "gemm") << model;
  }
}

TEST(Recipe, StepsInFullPrecisionMakeAnotherClip) {
  const Request request;
  const Recipe none = with_products(RowFormat::Float8);
  Recipe some = none;
  some.full_precision_steps = {3, 2};
  EXPECT_EQ(other_entry(file_of(some, request), some, request), "");
  EXPECT_EQ(other_entry(file_of(some, request), none, request), "full-precision-steps");
  EXPECT_EQ(other_entry(file_of(none, request), some, request), "full-precision-steps") << "files of earlier releases";
  Json identity;
  add_identity(some, identity);
  EXPECT_EQ(identity.dump(), R"({"gemm":"fp8","full_precision_steps":"3,2"})");
}

// What is asked for, what the checkpoint says, what is resolved.
TEST(Recipe, TakesTheStepsOfTheCheckpointUnlessAsked) {
  using Steps = std::optional<FullPrecisionSteps>;
  struct Row {
    RowFormat products;
    Steps asked, said;
    FullPrecisionSteps resolved;
  };
  for (const Row& row :
       {Row{RowFormat::Float8, {}, {}, {3, 3}}, Row{RowFormat::Float8, {}, Steps({2, 1}), {2, 1}},
        Row{RowFormat::Float8, Steps({0, 0}), Steps({2, 1}), {0, 0}}, Row{RowFormat::Float8, Steps({5, 4}), {}, {5, 4}},
        Row{RowFormat::Plain, Steps({5, 4}), Steps({2, 1}), {0, 0}}}) {
    ModelOptions options;
    options.products = row.products;
    options.full_precision_steps = row.asked;
    CheckpointFiles checkpoint;
    checkpoint.transformer_config.quantization.full_precision_steps = row.said;
    EXPECT_EQ(recipe_of(options, checkpoint).full_precision_steps, row.resolved);
  }
}

TEST(Recipe, AnotherAttentionKernelIsRemarkedOn) {
  const Recipe recipe = with_products(RowFormat::Plain);
  EXPECT_EQ(remark_on_resuming(R"({"attention":"cudnn"})", recipe), "");
  EXPECT_EQ(remark_on_resuming(R"({"name":"x"})", recipe), "");
  EXPECT_EQ(remark_on_resuming("torn", recipe), "");
  EXPECT_THAT(remark_on_resuming(R"({"attention":"fa3"})", recipe),
              AllOf(HasSubstr("by fa3 so far"), HasSubstr("by cudnn")));
}

}  // namespace
}  // namespace orrery
