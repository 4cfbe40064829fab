terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 4.0" }
  }
}

provider "aws" {
  region     = var.aws_region
  access_key = var.aws_access_key
  secret_key = var.aws_secret_key
}

module "network" {
  source     = "./modules/network"
  project    = var.project
  cidr_block = "10.0.0.0/16"
  zones      = ["${var.aws_region}a", "${var.aws_region}b"]
}

module "compute" {
  source        = "./modules/compute"
  project       = var.project
  subnet_id     = module.network.public_subnet_ids[0]
  vpc_id        = module.network.vpc_id
  key_name      = var.key_name
  public_key    = file(var.public_key_path)
  efs_id        = module.network.efs_id
  instance_type = "t3.medium"
}

module "lambda" {
  source       = "./modules/lambda"
  project      = var.project
  subnet_ids   = module.network.private_subnet_ids
  vpc_id       = module.network.vpc_id
  access_point = module.network.access_point_arn
  db_host      = var.db_host
  db_password  = var.db_password
  openai_key   = var.openai_api_key
}

module "api" {
  source        = "./modules/api"
  project       = var.project
  invoke_arn    = module.lambda.invoke_arn
  function_name = module.lambda.function_name
}

output "nat_ip" { value = module.network.nat_ip }
output "url" { value = module.api.url }
