variable "project" { default = "similarity" }
variable "aws_region" {
  type    = string
  default = "us-east-1"
}
variable "aws_access_key" { sensitive = true }
variable "aws_secret_key" { sensitive = true }
variable "key_name" { default = "builder" }
variable "public_key_path" { default = "~/.ssh/id_rsa.pub" }
variable "db_host" {}
variable "db_password" { sensitive = true }
variable "openai_api_key" { sensitive = true }
